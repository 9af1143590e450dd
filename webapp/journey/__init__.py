"""Stories made of facts: the nine steps that take a Pod from its manifest to running."""
