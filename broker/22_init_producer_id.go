package broker

import (
	"odradek/controller"
	"odradek/controller/metadata"
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// InitProducerId (key 22) gives an idempotent producer its id and epoch 0.
//
// Ids come from blocks that are recorded in the metadata log before the first
// of them is given away, so no id is given twice, whatever crashes.
//
// Not done: transactional ids (COORDINATOR_NOT_AVAILABLE; a client asks
// FindCoordinator first, and learns there that there are none).
//
// Versions: 3 the producer's present id and epoch, which matter to
// transactional ids only (KIP-360).
func (s *Shard) initProducerID(t *task.Task, q *kmsg.InitProducerIDRequest) kmsg.Response {
	response := kmsg.NewPtrInitProducerIDResponse()
	response.ProducerID = int64(kafka.NoProducerID)
	response.ProducerEpoch = int16(kafka.NoProducerEpoch)
	if q.TransactionalID != nil {
		response.ErrorCode = int16(kafka.ErrCoordinatorNotAvailable)
		if *q.TransactionalID == "" {
			response.ErrorCode = int16(kafka.ErrInvalidRequest)
		}
		return response
	}
	if (q.ProducerID == -1) != (q.ProducerEpoch == -1) {
		response.ErrorCode = int16(kafka.ErrInvalidRequest)
		return response
	}
	id, err := s.takeProducerID(t)
	if err != nil {
		response.ErrorCode = int16(kafka.ErrCoordinatorNotAvailable)
		return response
	}
	response.ProducerID, response.ProducerEpoch = int64(id), 0
	return response
}

func (s *Shard) takeProducerID(t *task.Task) (kafka.ProducerID, error) {
	for s.producerIDs.First == s.producerIDs.End {
		var block controller.ProducerIDs
		code := kafka.None
		err := s.change(t, "allocate producer ids", func(v controller.View,
			_ controller.Random) (records []metadata.Record) {
			epoch := kafka.BrokerEpoch(-1)
			if self := v.Image.Broker(v.NodeID); self != nil {
				epoch = self.Epoch
			}
			records, block, code = controller.AllocateProducerIDs(v, v.NodeID, epoch)
			return records
		})
		if err == nil && code != kafka.None {
			err = code
		}
		if err != nil {
			return 0, err
		}
		// Another task may have brought a block meanwhile: this one is then lost,
		// which costs nothing but numbers.
		if s.producerIDs.First == s.producerIDs.End {
			s.producerIDs = block
		}
	}
	id := s.producerIDs.First
	s.producerIDs.First++
	return id, nil
}
