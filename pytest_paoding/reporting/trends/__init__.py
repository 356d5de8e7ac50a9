"""What has become of each gate over the last runs."""
