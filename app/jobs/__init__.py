"""When things are done: the scheduler, its trail, and the machine's clock."""
