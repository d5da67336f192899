//! Quantities of resources, each in the integer unit that Kubernetes accounts in.

use std::ops::{Add, AddAssign, Sub, SubAssign};

/// CPU in thousandths of a core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MilliCpu(pub u64);

/// Memory or image size in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

/// GPU in thousandths of one device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MilliGpu(pub u64);

/// Thousandths in one whole GPU.
pub const WHOLE_GPU: u16 = 1000;

/// An amount of every resource a pod may ask for and a node may offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resources {
    /// CPU.
    pub cpu: MilliCpu,
    /// Memory.
    pub memory: Bytes,
    /// GPU, summed over devices. Whether single devices have room is a question of its own: see
    /// `cluster::gpu`.
    pub gpu: MilliGpu,
}

/// The name of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// CPU, in thousandths of a core.
    Cpu,
    /// Memory, in bytes.
    Memory,
    /// GPU, in thousandths of a device.
    Gpu,
}

/// `a`, `a and b`, `a, b and c`.
pub fn and(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A whole number with its thousands apart: `1234567` as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Bytes {
    /// One mebibyte.
    pub const MIB: u64 = 1 << 20;
    /// One gibibyte.
    pub const GIB: u64 = 1 << 30;

    /// `mib` mebibytes.
    pub const fn from_mib(mib: u64) -> Bytes {
        Bytes(mib * Bytes::MIB)
    }
}

impl Resource {
    /// All resources, in the order of every listing.
    pub const ALL: [Resource; 3] = [Resource::Cpu, Resource::Memory, Resource::Gpu];

    /// The name in scenario files and results.
    pub const fn name(self) -> &'static str {
        match self {
            Resource::Cpu => "cpu",
            Resource::Memory => "memory",
            Resource::Gpu => "gpu",
        }
    }
}

impl Resources {
    /// Nothing of anything.
    pub const NONE: Resources = Resources {
        cpu: MilliCpu(0),
        memory: Bytes(0),
        gpu: MilliGpu(0),
    };

    /// CPU in milli-cores, memory in bytes, no GPU.
    pub const fn new(cpu: MilliCpu, memory: Bytes) -> Resources {
        Resources {
            cpu,
            memory,
            gpu: MilliGpu(0),
        }
    }

    /// The amount of one resource in its own unit.
    pub const fn get(&self, resource: Resource) -> u64 {
        match resource {
            Resource::Cpu => self.cpu.0,
            Resource::Memory => self.memory.0,
            Resource::Gpu => self.gpu.0,
        }
    }

    /// Whether `self` is at most `room` in every resource.
    pub const fn fits(&self, room: &Resources) -> bool {
        self.cpu.0 <= room.cpu.0 && self.memory.0 <= room.memory.0 && self.gpu.0 <= room.gpu.0
    }

    /// The larger amount of every resource.
    pub fn each_max(&self, other: &Resources) -> Resources {
        Resources {
            cpu: self.cpu.max(other.cpu),
            memory: self.memory.max(other.memory),
            gpu: self.gpu.max(other.gpu),
        }
    }

    /// `self` less `other`, at least zero in every resource.
    pub const fn saturating_sub(&self, other: &Resources) -> Resources {
        Resources {
            cpu: MilliCpu(self.cpu.0.saturating_sub(other.cpu.0)),
            memory: Bytes(self.memory.0.saturating_sub(other.memory.0)),
            gpu: MilliGpu(self.gpu.0.saturating_sub(other.gpu.0)),
        }
    }
}

impl Add for Resources {
    type Output = Resources;
    fn add(self, other: Resources) -> Resources {
        Resources {
            cpu: MilliCpu(self.cpu.0 + other.cpu.0),
            memory: Bytes(self.memory.0 + other.memory.0),
            gpu: MilliGpu(self.gpu.0 + other.gpu.0),
        }
    }
}

/// Panics when `other` is larger in any resource: a bookkeeping error of ours.
impl Sub for Resources {
    type Output = Resources;
    fn sub(self, other: Resources) -> Resources {
        assert!(
            other.fits(&self),
            "more is given back than was taken: {self:?} - {other:?}"
        );
        self.saturating_sub(&other)
    }
}

impl AddAssign for Resources {
    fn add_assign(&mut self, other: Resources) {
        *self = *self + other;
    }
}

impl SubAssign for Resources {
    fn sub_assign(&mut self, other: Resources) {
        *self = *self - other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let groups = [0, 999, 1000, 1_234_567].map(thousands);
        assert_eq!(groups, ["0", "999", "1,000", "1,234,567"]);
    }
}
