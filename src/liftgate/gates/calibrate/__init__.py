"""What a gate does before it is used: simulated worlds, and the gate run through them."""
