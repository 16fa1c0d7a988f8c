"""Text files of the profiles, gaps and monthly figures, written partition by partition."""
