"""What the house will use and what the sun will give: frames in, frames out."""
