module metaflow-orchestrators/pause

go 1.24
