"""ResourceQuotas: what a Namespace uses of what it may."""
