"""How large the image bucket becomes, from the growth of the users."""
