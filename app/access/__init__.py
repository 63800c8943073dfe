"""Who may do what: the gate, its tokens and its sessions."""
