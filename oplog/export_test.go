package oplog

// OnStep has f called between any two effects of the log.
func (l *Log) OnStep(f func(name string)) { l.step = f }
