//! Problems in files that people edit: what is wrong, where, what to do about it, and how to display it.

mod problem;
pub mod report;

pub use problem::{Checked, Place, Problem, Severity, Spot};
