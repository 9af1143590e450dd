"""Desired against observed containers: the pure decision, and the steps that carry it out."""
