//! Single GPUs of a node. Summing thousandths per node would admit pods that fit on no device, so
//! feasibility is asked per device for every policy.

use crate::ids::{GpuModelId, Id};
use crate::units::{MilliGpu, WHOLE_GPU};

/// Most GPUs of one node.
pub const MAX_GPUS: u8 = 16;

/// The GPUs a pod asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GpuRequest {
    /// Number of devices.
    pub count: u8,
    /// Thousandths of each device, at most [`WHOLE_GPU`].
    pub milli: u16,
    /// Kinds that will do.
    pub models: GpuModels,
}

/// A set of kinds of GPU. The empty set means "any".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GpuModels(u64);

/// A set of devices of one node, by index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GpuSet(u16);

/// What is left of each device of a node, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gpus {
    left: [u16; MAX_GPUS as usize],
    count: u8,
}

impl GpuRequest {
    /// Thousandths over all devices.
    pub fn total(self) -> MilliGpu {
        MilliGpu(u64::from(self.count) * u64::from(self.milli))
    }
}

impl GpuModels {
    /// Most kinds a scenario may name.
    pub const MAX: usize = 64;

    /// Any kind.
    pub const ANY: GpuModels = GpuModels(0);

    /// The set with `model` added. Panics past [`GpuModels::MAX`] kinds.
    #[must_use]
    pub fn with(self, model: GpuModelId) -> GpuModels {
        assert!(model.index() < GpuModels::MAX, "too many kinds of GPU");
        GpuModels(self.0 | 1 << model.0)
    }

    /// Whether a node with this kind of GPU will do.
    pub fn allow(self, model: Option<GpuModelId>) -> bool {
        self.0 == 0 || model.is_some_and(|model| self.0 >> model.0 & 1 == 1)
    }

    /// One bit per kind.
    pub const fn bits(self) -> u64 {
        self.0
    }
}

impl GpuSet {
    /// No devices.
    pub const NONE: GpuSet = GpuSet(0);

    /// The set with one more device.
    #[must_use]
    pub const fn with(self, device: usize) -> GpuSet {
        GpuSet(self.0 | 1 << device)
    }

    /// The devices in order.
    pub fn devices(self) -> impl Iterator<Item = usize> {
        (0..usize::from(MAX_GPUS)).filter(move |device| self.0 >> device & 1 == 1)
    }

    /// Number of devices.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether there are no devices.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Gpus {
    /// `count` free devices. Panics past [`MAX_GPUS`].
    pub fn new(count: u8) -> Gpus {
        let mut left = [0; MAX_GPUS as usize];
        left[..usize::from(count)].fill(WHOLE_GPU);
        Gpus { left, count }
    }

    /// Thousandths left of each device.
    pub fn left(&self) -> &[u16] {
        &self.left[..usize::from(self.count)]
    }

    /// Thousandths left over all devices.
    pub fn idle(&self) -> MilliGpu {
        MilliGpu(self.left.iter().map(|&left| u64::from(left)).sum())
    }

    /// Thousandths left over the devices of which less than `milli` is left.
    pub fn idle_below(&self, milli: u16) -> MilliGpu {
        let below = self.left.iter().filter(|&&left| left < milli);
        MilliGpu(below.map(|&left| u64::from(left)).sum())
    }

    /// Whether enough devices have room; kinds are not looked at.
    pub fn fit(&self, request: GpuRequest) -> bool {
        let with_room = self
            .left()
            .iter()
            .filter(|&&left| left >= request.milli)
            .count();
        with_room >= usize::from(request.count)
    }

    /// How often the request fits. Panics for a request of nothing.
    pub fn room(&self, request: GpuRequest) -> usize {
        assert!(request.total().0 > 0, "nothing fits without end");
        let mut left = *self;
        let taken = std::iter::from_fn(|| {
            let devices = left.choose(request)?;
            left.take(devices, request.milli);
            Some(())
        });
        taken.count()
    }

    /// The devices with room that are left with least, lowest index first on ties (best fit).
    pub fn choose(&self, request: GpuRequest) -> Option<GpuSet> {
        if !self.fit(request) {
            return None;
        }
        let mut chosen = GpuSet::NONE;
        for _ in 0..request.count {
            let best = (0..usize::from(self.count))
                .filter(|&device| chosen.0 >> device & 1 == 0 && self.left[device] >= request.milli)
                .min_by_key(|&device| self.left[device])?;
            chosen = chosen.with(best);
        }
        Some(chosen)
    }

    /// Takes `milli` of each device. Panics where there is less.
    pub fn take(&mut self, devices: GpuSet, milli: u16) {
        for device in devices.devices() {
            let left = self.left[device].checked_sub(milli);
            self.left[device] = left.expect("a device is never overcommitted");
        }
    }

    /// Gives `milli` of each device back.
    pub fn give(&mut self, devices: GpuSet, milli: u16) {
        for device in devices.devices() {
            self.left[device] += milli;
            assert!(
                self.left[device] <= WHOLE_GPU,
                "more is given back than was taken"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(count: u8, milli: u16) -> GpuRequest {
        GpuRequest {
            count,
            milli,
            models: GpuModels::ANY,
        }
    }

    #[test]
    fn room_on_two_devices_is_not_room_on_one() {
        let mut gpus = Gpus::new(2);
        gpus.take(GpuSet::NONE.with(0).with(1), 600);
        // 800 thousandths are free in sum, but no device has 500.
        assert!(!gpus.fit(request(1, 500)));
        assert!(gpus.fit(request(2, 400)));
    }

    #[test]
    fn sharing_takes_the_fullest_device_with_room() {
        let mut gpus = Gpus::new(3);
        gpus.take(GpuSet::NONE.with(1), 700);
        gpus.take(GpuSet::NONE.with(2), 400);
        assert_eq!(gpus.choose(request(1, 300)), Some(GpuSet::NONE.with(1)));
        assert_eq!(gpus.choose(request(1, 500)), Some(GpuSet::NONE.with(2)));
        assert_eq!(gpus.choose(request(1, 1000)), Some(GpuSet::NONE.with(0)));
        assert_eq!(gpus.choose(request(2, 1000)), None);
    }

    #[test]
    fn the_empty_set_of_kinds_allows_any() {
        let only = GpuModels::ANY.with(GpuModelId(3));
        assert!(GpuModels::ANY.allow(None));
        assert!(only.allow(Some(GpuModelId(3))));
        assert!(!only.allow(Some(GpuModelId(2))));
        assert!(!only.allow(None));
    }
}
