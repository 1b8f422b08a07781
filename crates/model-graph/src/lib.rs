//! model-graph
