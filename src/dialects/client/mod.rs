//! Client dialects: how clients ask, and how replies and errors read to them.

pub mod openai;
