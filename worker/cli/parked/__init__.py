"""What was refused for good and needs somebody."""
