"""What REST clients and pages see. Names are public: additive changes only."""
