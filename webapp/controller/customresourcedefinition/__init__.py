"""What a CustomResourceDefinition goes through: names accepted, established, and in the end cleared away."""
