"""What requests hold and answers say."""
