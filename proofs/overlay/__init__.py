"""The theory's line over a real run: from nothing, from its updates, and from its gradients."""
