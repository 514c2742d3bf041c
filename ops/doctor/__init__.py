"""One module per kind of look before a deployment. None of them changes anything."""
