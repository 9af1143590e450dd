"""StatefulSets: Pods with names, places in a row and storage that outlive them."""
