"""kube-scheduler: which Node each waiting Pod goes to, and why.

A waiting Pod enters :mod:`~webapp.scheduler.scheduling_queue`; :mod:`~webapp.scheduler.schedule_one`
takes the first one, lets the plugins of its profile filter and score the Nodes of
:mod:`~webapp.scheduler.cache`, and writes a binding. What each plugin said about each Node is kept
in :mod:`~webapp.scheduler.diagnosis`.
"""
