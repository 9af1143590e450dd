"""The container runtime: sandboxes, containers, images, and what runs inside.

A kubelet asks in CRI's verbs (:mod:`~webapp.cri.api`), the runtime of the same machine answers
(:mod:`~webapp.cri.runtime`). What a container does once started is a program
(:mod:`~webapp.cri.program`) chosen by image and command (:mod:`~webapp.cri.behaviours`).
"""
