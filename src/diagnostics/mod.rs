//! A problem in a file that people edit: what is wrong, where, what to do about it, and how that is displayed.

mod problem;
pub mod report;

pub use problem::{Checked, Place, Problem, Severity, Spot};
