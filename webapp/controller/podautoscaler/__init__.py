"""HorizontalPodAutoscalers: as many Pods as their metrics ask for."""
