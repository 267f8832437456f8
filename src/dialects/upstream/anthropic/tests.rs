mod answers;
mod failures;
mod outcome;
mod requests;
mod thinking;
