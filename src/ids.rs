//! Typed indices, and the vectors they index.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A typed index into an [`Arena`].
pub trait Id: Copy + Ord + fmt::Debug {
    /// The id of the `index`-th element.
    fn from_index(index: usize) -> Self;
    /// The position in the arena.
    fn index(self) -> usize;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl Id for $name {
            fn from_index(index: usize) -> Self {
                $name(u32::try_from(index).expect("fewer than 2^32 of anything"))
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A node of the catalogue, whether or not it is part of the cluster now.
    NodeId;
    /// A group of equal nodes: one `[[nodes]]` table, or one kind of node of a trace.
    GroupId;
    /// A failure domain of nodes.
    ZoneId;
    /// A kind of GPU.
    GpuModelId;
    /// What pods that are alike ask for: equal shapes are one.
    ShapeId;
    /// A service: pods that are kept running and share load.
    ServiceId;
    /// A job: one pod that runs to completion.
    JobId;
    /// A pod: bound to a node at most once. A replacement is another pod.
    PodId;
    /// The key of a label.
    KeyId;
    /// The value of a label.
    ValueId;
    /// A namespace of pods. The first is Kubernetes' `default`.
    #[derive(Default)]
    NamespaceId;
    /// A container image.
    ImageId;
    /// A resource other than CPU, memory and single GPUs.
    ExtendedId;
    /// Where pods that are alike may and should go: equal rules are one. The first has none.
    #[derive(Default)]
    RulesId;
    /// What a node becomes when it is updated.
    RevisionId;
    /// A disruption budget.
    BudgetId;
}

/// A vector indexed by a typed id.
pub struct Arena<I, T> {
    items: Vec<T>,
    id: PhantomData<fn(I) -> I>,
}

impl<I: Id, T> Arena<I, T> {
    /// No elements.
    pub const fn new() -> Self {
        Arena {
            items: Vec::new(),
            id: PhantomData,
        }
    }

    /// `len` copies of `item`.
    pub fn filled(item: T, len: usize) -> Self
    where
        T: Clone,
    {
        Arena {
            items: vec![item; len],
            id: PhantomData,
        }
    }

    /// Appends an element and returns its id.
    pub fn push(&mut self, item: T) -> I {
        let id = I::from_index(self.items.len());
        self.items.push(item);
        id
    }

    /// The id the next pushed element will get.
    pub fn next_id(&self) -> I {
        I::from_index(self.items.len())
    }

    /// Number of elements.
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are no elements.
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The element, if there is one of that id.
    pub fn get(&self, id: I) -> Option<&T> {
        self.items.get(id.index())
    }

    /// All ids in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = I> + ExactSizeIterator + use<I, T> {
        (0..self.items.len()).map(I::from_index)
    }

    /// All elements with their ids, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (I, &T)> + ExactSizeIterator {
        self.items
            .iter()
            .enumerate()
            .map(|(index, item)| (I::from_index(index), item))
    }

    /// All elements with their ids, in order, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (I, &mut T)> {
        self.items
            .iter_mut()
            .enumerate()
            .map(|(index, item)| (I::from_index(index), item))
    }

    /// The elements as a slice.
    pub fn as_slice(&self) -> &[T] {
        &self.items
    }
}

impl<I: Id, T> Default for Arena<I, T> {
    fn default() -> Self {
        Arena::new()
    }
}

impl<I, T: Clone> Clone for Arena<I, T> {
    fn clone(&self) -> Self {
        Arena {
            items: self.items.clone(),
            id: PhantomData,
        }
    }
}

impl<I, T: PartialEq> PartialEq for Arena<I, T> {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl<I, T: fmt::Debug> fmt::Debug for Arena<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.items.fmt(f)
    }
}

impl<I: Id, T> FromIterator<T> for Arena<I, T> {
    fn from_iter<It: IntoIterator<Item = T>>(items: It) -> Self {
        Arena {
            items: items.into_iter().collect(),
            id: PhantomData,
        }
    }
}

impl<I: Id, T> Index<I> for Arena<I, T> {
    type Output = T;
    fn index(&self, id: I) -> &T {
        &self.items[id.index()]
    }
}

impl<I: Id, T> IndexMut<I> for Arena<I, T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.items[id.index()]
    }
}

/// Different texts, each with an id of its own.
#[derive(Clone, Debug)]
pub struct Symbols<I> {
    texts: Arena<I, String>,
    ids: BTreeMap<String, I>,
}

impl<I: Id> Symbols<I> {
    /// The id of a text, which is new the first time it is named.
    pub fn intern(&mut self, text: &str) -> I {
        match self.ids.get(text) {
            Some(&id) => id,
            None => {
                let id = self.texts.push(text.to_owned());
                self.ids.insert(text.to_owned(), id);
                id
            }
        }
    }

    /// The id of a text that was named before.
    pub fn find(&self, text: &str) -> Option<I> {
        self.ids.get(text).copied()
    }

    /// All texts, in the order in which they were first named.
    pub fn texts(&self) -> &Arena<I, String> {
        &self.texts
    }
}

impl<I: Id> Default for Symbols<I> {
    fn default() -> Self {
        Symbols {
            texts: Arena::new(),
            ids: BTreeMap::new(),
        }
    }
}

impl<I: Id> PartialEq for Symbols<I> {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl<'a, I: Id> FromIterator<&'a str> for Symbols<I> {
    fn from_iter<T: IntoIterator<Item = &'a str>>(texts: T) -> Self {
        let mut symbols = Symbols::default();
        for text in texts {
            symbols.intern(text);
        }
        symbols
    }
}

impl<I: Id> Index<I> for Symbols<I> {
    type Output = str;
    fn index(&self, id: I) -> &str {
        &self.texts[id]
    }
}

/// Many short names in one piece of memory, indexed by a typed id.
#[derive(Clone, Debug, PartialEq)]
pub struct Names<I> {
    text: String,
    ends: Vec<u32>,
    id: PhantomData<fn(I) -> I>,
}

impl<I: Id> Names<I> {
    /// No names.
    pub const fn new() -> Self {
        Names {
            text: String::new(),
            ends: Vec::new(),
            id: PhantomData,
        }
    }

    /// Appends a name and returns its id. Panics past 4 GiB of text.
    pub fn push(&mut self, name: &str) -> I {
        let id = I::from_index(self.ends.len());
        self.text.push_str(name);
        self.ends
            .push(u32::try_from(self.text.len()).expect("under 4 GiB of names"));
        id
    }

    /// The name of `id`.
    pub fn get(&self, id: I) -> &str {
        let index = id.index();
        let start = if index == 0 {
            0
        } else {
            self.ends[index - 1] as usize
        };
        &self.text[start..self.ends[index] as usize]
    }

    /// Number of names.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no names.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

impl<I: Id> Default for Names<I> {
    fn default() -> Self {
        Names::new()
    }
}
