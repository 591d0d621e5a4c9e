"""Write-once attributes that have their value."""
