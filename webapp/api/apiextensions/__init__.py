"""CustomResourceDefinitions: what is wrong with one, what it defines, and what its objects must look like."""
