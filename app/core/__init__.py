"""What every part may know: errors, time, frames, files, logs."""
