"""What a cluster comes with besides the control plane: CoreDNS, kube-proxy, the network plugin's agents."""
