//! A YAML mapping that keeps its order and refuses a key that stands twice.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Keys and values in the order of the file.
#[derive(Debug, Clone)]
pub struct Ordered<V>(pub Vec<(String, V)>);

impl<V> Default for Ordered<V> {
    fn default() -> Self {
        Ordered(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Ordered<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OrderedVisitor<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for OrderedVisitor<V> {
            type Value = Ordered<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered<V>, A::Error> {
                let mut list: Vec<(String, V)> = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    if list.iter().any(|(known, _)| *known == key) {
                        return Err(A::Error::custom(format!("'{key}' stands twice; keep one of them")));
                    }
                    list.push((key, map.next_value()?));
                }
                Ok(Ordered(list))
            }
        }
        deserializer.deserialize_map(OrderedVisitor(PhantomData))
    }
}
