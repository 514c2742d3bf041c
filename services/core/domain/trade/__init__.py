"""What marketplaces write in a listing: committed tables, each row with the document that it is from."""
