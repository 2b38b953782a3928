package main

import (
	"slices"

	pbmmethods "github.com/vmware/govmomi/pbm/methods"
	pbm "github.com/vmware/govmomi/pbm/simulator"
	pbmtypes "github.com/vmware/govmomi/pbm/types"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
)

// policy is a storage policy and the datastores that fulfil it.
type policy struct {
	Name       string   `json:"name"`
	Datastores []string `json:"datastores"`
}

// placementSolver also tells which datastores fulfil a policy, which Cinder asks before it makes a volume.
type placementSolver struct {
	pbm.PlacementSolver
	// fulfilling lists ids of datastores by the id of a policy. The simulator's own policies have none.
	fulfilling map[string][]string
}

func (s *placementSolver) PbmQueryMatchingHub(req *pbmtypes.PbmQueryMatchingHub) soap.HasFault {
	var found []pbmtypes.PbmPlacementHub
	for _, id := range s.fulfilling[req.Profile.UniqueId] {
		hub := pbmtypes.PbmPlacementHub{HubType: "Datastore", HubId: id}
		if len(req.HubsToSearch) == 0 || slices.Contains(req.HubsToSearch, hub) {
			found = append(found, hub)
		}
	}
	return &pbmmethods.PbmQueryMatchingHubBody{
		Res: &pbmtypes.PbmQueryMatchingHubResponse{Returnval: found},
	}
}

// storagePolicies is the simulator's service for storage policies, with ours.
func (vc *vCenter) storagePolicies(policies []policy) *simulator.Registry {
	registry := pbm.New()
	var manager *pbm.ProfileManager
	solver := &placementSolver{fulfilling: map[string][]string{}}
	for _, ref := range registry.AllReference("") {
		switch object := ref.(type) {
		case *pbm.ProfileManager:
			manager = object
		case *pbm.PlacementSolver:
			solver.PlacementSolver = *object
		}
	}
	registry.Put(solver)
	ctx := vc.fresh()
	ctx.Session = &simulator.Session{}
	for _, one := range policies {
		made := manager.PbmCreate(ctx, &pbmtypes.PbmCreate{CreateSpec: pbmtypes.PbmCapabilityProfileCreateSpec{
			Name:         one.Name,
			Category:     string(pbmtypes.PbmProfileCategoryEnumREQUIREMENT),
			ResourceType: pbmtypes.PbmProfileResourceType{ResourceType: string(pbmtypes.PbmProfileResourceTypeEnumSTORAGE)},
			Constraints:  &pbmtypes.PbmCapabilityConstraints{},
		}})
		id := made.(*pbmmethods.PbmCreateBody).Res.Returnval.UniqueId
		for _, name := range one.Datastores {
			store := vc.ctx.Map.FindByName(name, vc.datacenter.Datastore).Reference()
			solver.fulfilling[id] = append(solver.fulfilling[id], store.Value)
		}
	}
	forgetNewNames(manager)
	return registry
}

// forgetNewNames takes out of all policies what only vCenters newer than OpenStack's description of the
// service send: a real one leaves it out for such a client.
func forgetNewNames(manager *pbm.ProfileManager) {
	query := &pbmtypes.PbmQueryProfile{
		ResourceType: pbmtypes.PbmProfileResourceType{ResourceType: string(pbmtypes.PbmProfileResourceTypeEnumSTORAGE)},
	}
	ids := manager.PbmQueryProfile(query).(*pbmmethods.PbmQueryProfileBody).Res.Returnval
	found := manager.PbmRetrieveContent(&pbmtypes.PbmRetrieveContent{ProfileIds: ids})
	for _, one := range found.(*pbmmethods.PbmRetrieveContentBody).Res.Returnval {
		if profile, ok := one.(pbmtypes.BasePbmCapabilityProfile); ok {
			capability := profile.GetPbmCapabilityProfile()
			capability.K8sCompliantName, capability.OtherK8sCompliantNames = "", nil
		}
	}
}
