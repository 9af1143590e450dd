"""Faults: what people break on purpose, by creating objects of kind Fault; one file a family."""
