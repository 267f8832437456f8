//! `callers.yaml`: who may call and by which key, or every mistake in it, each at its very word.

mod edit;
mod keys;
mod list;
mod mask;
mod mismatches;
mod read;

pub use edit::{add, check_name};
pub use keys::KEYS;
pub use list::{CallerRow, Callers};
pub use mismatches::mismatches;
