//! The model file: what is read from it, and what a faulty one gets.

mod fixture;
mod models;
