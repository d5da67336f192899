//! The whole control plane with the policies that answer to time, told facts at chosen times.

mod hpa;
mod kubernetes;
mod operator;
mod preemption;
mod reference;
mod restart;
mod rig;
