"""What a deployment would change, judged from two folders of assemblies, without an account."""
