"""What the repository lets in and ships: workflows, locks, licences and secrets, checked offline."""
