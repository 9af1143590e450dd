"""What each Namespace gets: the default ServiceAccount and the cluster's CA bundle."""
