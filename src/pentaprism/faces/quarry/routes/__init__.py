"""The routes of the quarry face, a module per resource."""
