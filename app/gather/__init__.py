"""Every input of one planning run, labelled with where it came from."""
