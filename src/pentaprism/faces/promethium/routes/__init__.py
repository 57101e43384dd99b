"""The operations of the face, a module for each resource."""
