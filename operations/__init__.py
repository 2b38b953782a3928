"""What people do with an environment: apply it to its sandbox or its real cloud, recover a killed run."""
