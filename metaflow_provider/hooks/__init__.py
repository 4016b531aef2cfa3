"""The connection type `metaflow`: the metadata service and its headers, which no plan holds."""
