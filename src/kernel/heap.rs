//! A four-ary minimum heap of bare keys.

/// Keys, the smallest on top.
#[derive(Clone, Debug, Default)]
pub struct Heap<K> {
    keys: Vec<K>,
}

impl<K: Copy + Ord> Heap<K> {
    /// An empty heap.
    #[must_use]
    pub const fn new() -> Self {
        Self { keys: Vec::new() }
    }

    /// Whether there is no key.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The smallest key.
    #[inline]
    #[must_use]
    pub fn peek(&self) -> Option<K> {
        self.keys.first().copied()
    }

    /// Adds a key.
    #[inline]
    pub fn push(&mut self, key: K) {
        let mut hole = self.keys.len();
        self.keys.push(key);
        let keys = self.keys.as_mut_slice();
        while hole > 0 {
            let parent = (hole - 1) / 4;
            let above = keys[parent];
            if above <= key {
                break;
            }
            keys[hole] = above;
            hole = parent;
        }
        keys[hole] = key;
    }

    /// Removes the smallest key: the last one sinks from the top.
    #[inline]
    pub fn pop(&mut self) {
        let Some(last) = self.keys.pop() else { return };
        let keys = self.keys.as_mut_slice();
        if keys.is_empty() {
            return;
        }
        let mut hole = 0;
        loop {
            let first = hole * 4 + 1;
            // The smallest of four is picked without branches: mispredicted ones cost more than the comparisons.
            let (child, key) = match keys.get(first..).and_then(<[_]>::first_chunk::<4>) {
                Some(four) => {
                    let left = usize::from(four[1] < four[0]);
                    let right = 2 + usize::from(four[3] < four[2]);
                    let (a, b) = (four[left], four[right]);
                    if b < a { (first + right, b) } else { (first + left, a) }
                }
                None => match (first..keys.len()).map(|child| (keys[child], child)).min() {
                    Some((key, child)) => (child, key),
                    None => break,
                },
            };
            if key >= last {
                break;
            }
            keys[hole] = key;
            hole = child;
        }
        keys[hole] = last;
    }
}

#[cfg(test)]
mod tests {
    use super::Heap;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn comes_out_sorted_whatever_is_pushed_between(items in proptest::collection::vec(any::<Option<u16>>(), 0..300)) {
            let mut heap = Heap::new();
            let mut sorted = Vec::new();
            for item in items {
                if let Some(key) = item {
                    heap.push(key);
                    sorted.push(key);
                    sorted.sort_unstable();
                } else {
                    heap.pop();
                    if !sorted.is_empty() {
                        sorted.remove(0);
                    }
                }
                prop_assert_eq!(heap.peek(), sorted.first().copied());
            }
        }
    }
}
