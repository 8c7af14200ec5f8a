"""Values: what crosses a border, and nothing that acts."""
