//! What templates see when a node runs.
